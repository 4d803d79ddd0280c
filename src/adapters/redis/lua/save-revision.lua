-- Saves a revision of a flow, if it is the next one.
--
-- KEYS  flow, flows
-- ARGV  flow sid, number of the revision, '1' if it is published, revision
-- Returns 1; -1 where it is not the next one
local flow, flows = unpack(KEYS)
local sid, number, published, revision = unpack(ARGV)

local latest = redis.call('HGET', flow, 'latest') or 0
if tonumber(number) ~= tonumber(latest) + 1 then return -1 end

redis.call('HSET', flow, number, revision, 'latest', number)
if published == '1' then redis.call('HSET', flow, 'published', number) end
redis.call('SADD', flows, sid)
return 1
