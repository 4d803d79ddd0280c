-- Saves a new execution with its first event, unless this was done before or another one stands in its way.
--
-- KEYS  record, head, inbox, due, lists
-- ARGV  sid, packed execution, event id, event, now, end of the lease ('' to leave it unclaimed),
--       place, list of the idempotency key ('' for none), list of the contact ('' for not exclusive),
--       every list that it belongs to…
-- Returns 1; {-1, place} where the idempotency key means that one; {-2, place} where that one is active
local record, head, inbox, due, lists = unpack(KEYS)
local sid, execution, eventId, event, now, lease, place, made, contact = unpack(ARGV, 1, 9)

local function first(list)
  if list == '' then return nil end
  local found = redis.call('ZRANGE', lists, '[' .. list .. '/', '(' .. list .. '0', 'BYLEX', 'LIMIT', 0, 1)
  return found[1] and found[1]:sub(#list + 2)
end

local repeated = first(made)
if repeated then return { -1, repeated } end
local active = first(contact)
if active then return { -2, active } end

redis.call('RPUSH', record, execution)
redis.call('RPUSH', inbox, event)
-- All fields are there from the beginning, and first, as a small hash is searched from its beginning.
redis.call('HSET', head, 'fence', lease == '' and 0 or 1, 'lease', lease, 'ended', '', 'mark', '', '=' .. eventId, '')
if made ~= '' then redis.call('HSET', head, '@' .. made, '') end
redis.call('ZADD', due, lease == '' and now or lease, sid)
for at = 10, #ARGV do
  redis.call('ZADD', lists, 0, ARGV[at] .. '/' .. place)
end
return 1
