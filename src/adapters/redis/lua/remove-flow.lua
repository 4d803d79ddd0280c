-- Forgets a flow with all its revisions.
--
-- KEYS  flow, flows
-- ARGV  flow sid
-- Returns 1; 0 where there was none
local flow, flows = unpack(KEYS)
local sid = unpack(ARGV)

redis.call('SREM', flows, sid)
return redis.call('DEL', flow)
