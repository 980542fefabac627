-- The generic cell rate algorithm. KEYS[1] holds the time at which the key will be as if it had never
-- been used; it expires then. All times are in microseconds.
-- ARGV: what may be used at once, what is wanted, 1 to count it, and a clock in place of this server's.
local now, full, taken = tonumber(ARGV[4]), tonumber(ARGV[1]), tonumber(ARGV[2])
local expires = now == nil
if not now then
	local time = redis.call('TIME')
	now = time[1] * 1000000 + time[2]
end
local used = math.max(0, (tonumber(redis.call('GET', KEYS[1])) or 0) - now)
local turned = used > full -- the clock went back
if turned then
	used = full
end
local allowed = used + taken <= full
local counts = allowed and ARGV[3] == '1'
if counts then
	used = used + taken
end
if counts or turned then
	local life = 3600000
	if expires then
		life = math.ceil(used / 1000)
	end
	redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', life)
end
return { allowed and 1 or 0, used }
