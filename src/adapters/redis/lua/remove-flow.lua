-- Forgets a flow with all its revisions and its test users.
--
-- KEYS  flow, flows, test users
-- ARGV  flow sid
-- Returns 1; 0 where there was none
local flow, flows, testUsers = unpack(KEYS)
local sid = unpack(ARGV)

redis.call('SREM', flows, sid)
redis.call('DEL', testUsers)
return redis.call('DEL', flow)
