-- Takes an event into the inbox, once, and claims the execution if asked and if nobody holds it.
--
-- KEYS  record, head, inbox, due
-- ARGV  sid, event id, event, now, end of the lease ('' not to claim),
--       mark of the save that the caller remembers ('' for none), how many texts have the execution among them
-- Returns {fence, 1 if recovering, mark of the last save, {first texts of the record} (nil where the caller remembers it),
--         {event…}} when claimed; 0 when queued;
--         -1 unknown execution; -2 duplicate event; -3 ended execution
local record, head, inbox, due = unpack(KEYS)
local sid, eventId, event, now, newLease, known, mostTexts = unpack(ARGV)
local seen = '=' .. eventId

local fence, lease, ended, duplicate, mark = unpack(redis.call('HMGET', head, 'fence', 'lease', 'ended', seen, 'mark'))
if not fence then return -1 end
if duplicate then return -2 end
if ended then return -3 end

redis.call('RPUSH', inbox, event)
local held = lease ~= '' and tonumber(lease) > tonumber(now)
if newLease == '' or held then
  redis.call('HSET', head, seen, '')
  -- A lease keeps its time, also one that has lapsed.
  if lease == '' then redis.call('ZADD', due, 'LT', now, sid) end
  return 0
end

local texts = mark ~= known and redis.call('LRANGE', record, 0, mostTexts - 1)
fence = tonumber(fence) + 1
redis.call('HSET', head, seen, '', 'fence', fence, 'lease', newLease)
redis.call('ZADD', due, newLease, sid)
return { fence, lease == '' and 0 or 1, mark, texts, redis.call('LRANGE', inbox, 0, -1) }
