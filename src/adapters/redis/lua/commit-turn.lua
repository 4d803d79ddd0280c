-- Saves a turn under its fence, and lets go of the execution unless it is to be held or events have come in.
--
-- KEYS  record, head, inbox, due, lists
-- ARGV  sid, fence, how many first texts of the record go, the text that comes in their place, batch of steps
--       ('' for none), mark of the save before ('' for none), mark of this save, due time ('' for never), end of a new lease, '1' to hold, '1' if ended, place, list of the contact (once ended),
--       number of consumed ids, consumed id…, new list…
-- Returns {event…}, those left in the inbox; -1 where the fence is lost; -2 where another save came after that mark
local record, head, inbox, due, lists = unpack(KEYS)
local sid, fence, dropped, first, batch, before, mark = unpack(ARGV, 1, 7)
local dueAt, newLease, hold, ended, place, contact, count = unpack(ARGV, 8, 14)

local heldBy, lease, endedBefore, lastMark = unpack(redis.call('HMGET', head, 'fence', 'lease', 'ended', 'mark'))
if heldBy ~= fence or lease == '' then return -1 end
if lastMark ~= before then return -2 end

-- The first write is one that a Redis without room refuses, so that it does nothing by halves.
if dropped == '0' then
  redis.call('LPUSH', record, first)
else
  redis.call('LSET', record, dropped - 1, first)
  redis.call('LTRIM', record, dropped - 1, -1)
end
if batch ~= '' then redis.call('RPUSH', record, batch) end

local consumed, delivered, left, gone = {}, {}, {}, {}
for at = 15, 14 + count do consumed[ARGV[at]] = true end
for _, event in ipairs(redis.call('LRANGE', inbox, 0, -1)) do
  local id = event:match('^[^ ]*')
  delivered[id] = true
  local among = consumed[id] and gone or left
  among[#among + 1] = event
end
if #left == 0 then
  redis.call('DEL', inbox)
else
  for _, event in ipairs(gone) do redis.call('LREM', inbox, 1, event) end
end
-- What was delivered is known to the head since then.
for at = 15, 14 + count do
  if not delivered[ARGV[at]] then redis.call('HSET', head, '=' .. ARGV[at], '') end
end

for at = 15 + count, #ARGV do
  redis.call('HSET', head, '@' .. ARGV[at], '')
  redis.call('ZADD', lists, 0, ARGV[at] .. '/' .. place)
end
if ended == '1' and endedBefore == '' then
  redis.call('HSET', head, 'ended', 1)
  redis.call('ZREM', lists, 'active/' .. place, contact .. '/' .. place)
  redis.call('ZADD', lists, 0, 'ended/' .. place)
end

if hold == '1' or #left > 0 then
  redis.call('HSET', head, 'lease', newLease, 'mark', mark)
  redis.call('ZADD', due, newLease, sid)
else
  redis.call('HSET', head, 'lease', '', 'mark', mark)
  if dueAt == '' then redis.call('ZREM', due, sid) else redis.call('ZADD', due, dueAt, sid) end
end
return left
