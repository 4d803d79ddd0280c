-- Writes a note, if it still is what the caller read.
--
-- KEYS  note
-- ARGV  '1' if there was one before, the note as it was, as it is to be
-- Returns 1; -1 where it is another one now
local note = unpack(KEYS)
local existed, before, after = unpack(ARGV)

local now = redis.call('GET', note)
if existed == '1' and now ~= before then return -1 end
if existed ~= '1' and now then return -1 end

redis.call('SET', note, after)
return 1
