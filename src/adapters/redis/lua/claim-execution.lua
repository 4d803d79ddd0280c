-- Claims an execution that nobody holds, or only one that is still due.
--
-- KEYS  record, head, inbox, due
-- ARGV  sid, now, end of the lease, '1' to claim it only when it is due,
--       how many texts have the execution among them
-- Returns {fence, 1 if recovering, mark of the last save, {first texts of the record}, {event…}};
--         -1 where it is held, not due, or unknown
local record, head, inbox, due = unpack(KEYS)
local sid, now, newLease, onlyDue, mostTexts = unpack(ARGV)

local fence, lease, mark = unpack(redis.call('HMGET', head, 'fence', 'lease', 'mark'))
if not fence then
  redis.call('ZREM', due, sid)
  return -1
end
if lease ~= '' and tonumber(lease) > tonumber(now) then return -1 end
if onlyDue == '1' then
  local at = redis.call('ZSCORE', due, sid)
  if not at or tonumber(at) > tonumber(now) then return -1 end
end

fence = tonumber(fence) + 1
redis.call('HSET', head, 'fence', fence, 'lease', newLease)
redis.call('ZADD', due, newLease, sid)
return { fence, lease == '' and 0 or 1, mark, redis.call('LRANGE', record, 0, mostTexts - 1), redis.call('LRANGE', inbox, 0, -1) }
