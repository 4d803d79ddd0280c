-- Takes an event into the inbox of the execution that stood in the way of a new one, and lets an idempotency key
-- mean that execution.
--
-- KEYS  head, inbox, due, lists
-- ARGV  sid, event id, event, now, place, list of the idempotency key ('' for none)
-- Returns 1; -1 where it has ended, or gone, since; -2 duplicate event
local head, inbox, due, lists = unpack(KEYS)
local sid, eventId, event, now, place, means = unpack(ARGV)
local seen = '=' .. eventId

local lease, ended, duplicate = unpack(redis.call('HMGET', head, 'lease', 'ended', seen))
if not lease or ended ~= '' and not duplicate then return -1 end

if means ~= '' then
  redis.call('HSET', head, '@' .. means, '')
  redis.call('ZADD', lists, 0, means .. '/' .. place)
end
if duplicate then return -2 end

redis.call('RPUSH', inbox, event)
redis.call('HSET', head, seen, '')
-- A lease keeps its time, also one that has lapsed.
if lease == '' then redis.call('ZADD', due, 'LT', now, sid) end
return 1
