-- KEYS[1] is a hash from node to "count:end of life in ms". ARGV: the node, its count, the life in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(ARGV[2]) > 0 then
	redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. string.format('%.0f', now + ARGV[3]))
else
	redis.call('HDEL', KEYS[1], ARGV[1])
end
local sum, all = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
	local count, till = string.match(all[i + 1], '^(%d+):(%d+)$')
	if till and tonumber(till) > now then
		sum = sum + count
	else
		redis.call('HDEL', KEYS[1], all[i])
	end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return sum
