-- Forgets an execution under its fence: all that it kept, and its place in every list.
--
-- KEYS  record, head, inbox, due, lists
-- ARGV  sid, fence, place, every list that its head does not name…
-- Returns 1; -1 where the fence is lost
local record, head, inbox, due, lists = unpack(KEYS)
local sid, fence, place = unpack(ARGV, 1, 3)

local heldBy, lease = unpack(redis.call('HMGET', head, 'fence', 'lease'))
if heldBy ~= fence or lease == '' then return -1 end

for at = 4, #ARGV do
  redis.call('ZREM', lists, ARGV[at] .. '/' .. place)
end
for _, field in ipairs(redis.call('HKEYS', head)) do
  if field:sub(1, 1) == '@' then redis.call('ZREM', lists, field:sub(2) .. '/' .. place) end
end
redis.call('ZREM', due, sid)
redis.call('DEL', record, head, inbox)
return 1
