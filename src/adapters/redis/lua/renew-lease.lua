-- Gives a claim a new lease, if it is still the latest one.
--
-- KEYS  head, due
-- ARGV  sid, fence, end of the new lease
-- Returns 1; -1 where the fence is lost
local head, due = unpack(KEYS)
local sid, fence, newLease = unpack(ARGV)

local heldBy, lease = unpack(redis.call('HMGET', head, 'fence', 'lease'))
if heldBy ~= fence or lease == '' then return -1 end

redis.call('HSET', head, 'lease', newLease)
redis.call('ZADD', due, newLease, sid)
return 1
