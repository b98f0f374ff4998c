"""The Lua scripts that move a shard: the watermark is compared, then everything is written, or nothing is."""

from typing import Final

READ_SHARD: Final = """
-- KEYS: shard, then users
local read = {redis.call('HMGET', KEYS[1], 'watermark', 'rollout', 'moved', 'turn')}
for i = 2, #KEYS do read[i] = redis.call('HMGET', KEYS[i], 'state', 'history', 'seen', 'shown') end
return read
"""

WRITE_SHARD: Final = """
-- KEYS: shard, its set of users, then users. ARGV: expected and new (watermark, rollout, moved, turn), idle ms,
-- then per user: id, state, history, seen, shown (which isn't kept when empty)
local stands = redis.call('HMGET', KEYS[1], 'watermark', 'rollout', 'moved', 'turn')
if (stands[1] or '') ~= ARGV[1] then return 0 end
if stands[1] and (stands[2] ~= ARGV[2] or stands[3] ~= ARGV[3] or (stands[4] or '0') ~= ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], 'watermark', ARGV[5], 'rollout', ARGV[6], 'moved', ARGV[7], 'turn', ARGV[8])
local at = 10
for i = 3, #KEYS do
  redis.call('SADD', KEYS[2], ARGV[at])
  redis.call('HSET', KEYS[i], 'state', ARGV[at + 1], 'history', ARGV[at + 2], 'seen', ARGV[at + 3])
  if ARGV[at + 4] == '' then redis.call('HDEL', KEYS[i], 'shown')
  else redis.call('HSET', KEYS[i], 'shown', ARGV[at + 4]) end
  redis.call('PEXPIRE', KEYS[i], ARGV[9])
  at = at + 5
end
return 1
"""

ADD_COUNTS: Final = """
-- KEYS: shard, then buckets of each family, then counters. ARGV: partition, expected, new, idle ms,
-- then in msgpack the buckets of each family, and for each counter {member: times}
local field = 'watermark:' .. ARGV[1]
if (redis.call('HGET', KEYS[1], field) or '') ~= ARGV[2] then return 0 end
local families, counters = unpack(cmsgpack.unpack(ARGV[5]))
redis.call('HSET', KEYS[1], field, ARGV[3])
for i, buckets in ipairs(families) do redis.call('SADD', KEYS[1 + i], unpack(buckets)) end
for i, members in ipairs(counters) do
  local counter = KEYS[1 + #families + i]
  for member, times in pairs(members) do redis.call('ZINCRBY', counter, times, member) end
  redis.call('PEXPIRE', counter, ARGV[4])
end
return 1
"""

WRITE_CALIBRATOR: Final = """
-- KEYS: calibrators, drift. ARGV: partition, expected, new, state, whether drift's kept part follows its running one,
-- running, kept
local field = 'watermark:' .. ARGV[1]
if (redis.call('HGET', KEYS[1], field) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], field, ARGV[3], 'state:' .. ARGV[1], ARGV[4])
redis.call('HSET', KEYS[2], 'running:' .. ARGV[1], ARGV[6])
if ARGV[5] == '1' then redis.call('HSET', KEYS[2], 'kept:' .. ARGV[1], ARGV[7]) end
return 1
"""

PUT_ITEMS: Final = """
-- KEYS: content, progress. ARGV: partition, expected, new, then item, content for each
local field = 'watermark:' .. ARGV[1]
if (redis.call('HGET', KEYS[2], field) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], field, ARGV[3])
for at = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
redis.call('HINCRBY', KEYS[2], 'changes', (#ARGV - 3) / 2)
return 1
"""
