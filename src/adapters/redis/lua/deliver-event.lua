-- Takes an event into the inbox, once, and claims the execution if asked and if nobody holds it.
--
-- KEYS  record, head, inbox, due
-- ARGV  sid, event id, event, now, end of the lease ('' not to claim),
--       mark of the save that the caller remembers ('' for none), how many texts have the execution among them
-- Returns {fence, 1 if recovering, mark of the last save, {first texts of the record} (nil where the caller remembers it),
--         {event…} (nil where it is only this one)} when claimed; 0 when queued;
--         -1 unknown execution; -2 duplicate event; -3 ended execution
local record, head, inbox, due = unpack(KEYS)
local sid, eventId, event, now, newLease, known, mostTexts = unpack(ARGV)
local seen = '=' .. eventId

local fence, lease, ended, mark = unpack(redis.call('HMGET', head, 'fence', 'lease', 'ended', 'mark'))
if not fence then return -1 end
if ended ~= '' then return redis.call('HEXISTS', head, seen) == 1 and -2 or -3 end
if redis.call('HSETNX', head, seen, '') == 0 then return -2 end

local waiting = redis.call('RPUSH', inbox, event)
local held = lease ~= '' and tonumber(lease) > tonumber(now)
if newLease == '' or held then
  -- A lease keeps its time, also one that has lapsed.
  if lease == '' then redis.call('ZADD', due, 'LT', now, sid) end
  return 0
end

local texts = (mark == '' or mark ~= known) and redis.call('LRANGE', record, 0, mostTexts - 1)
fence = tonumber(fence) + 1
redis.call('HSET', head, 'fence', fence, 'lease', newLease)
redis.call('ZADD', due, newLease, sid)
local events = waiting > 1 and redis.call('LRANGE', inbox, 0, -1)
return { fence, lease == '' and 0 or 1, mark, texts, events }
