package cluster

import (
	"context"
	_ "embed"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

//go:embed census.lua
var censusScript string

// censusLife is how long a node's count holds without being told again (decision 21).
const censusLife = 15 * time.Second

// RedisCensus adds up numbers of all nodes. Each node tells its own now and then and gets the sum, so
// the cost is one command a node and not one a pair.
type RedisCensus struct {
	redis  *Redis
	node   string
	script *rueidis.Lua
}

// NewRedisCensus makes a census; node is this node's name, different from all others'.
func NewRedisCensus(redis *Redis, node string) *RedisCensus {
	return &RedisCensus{redis: redis, node: node, script: rueidis.NewLuaScript(censusScript)}
}

// Tell says how many of something are here, and returns how many are on all nodes that told it in the
// last 15 seconds.
func (c *RedisCensus) Tell(ctx context.Context, what string, here int) (everywhere int, err error) {
	sum, err := c.redis.do(ctx, func(ctx context.Context, client rueidis.Client) rueidis.RedisResult {
		return c.script.Exec(ctx, client, []string{c.redis.name("census", what)},
			[]string{c.node, strconv.Itoa(here), strconv.FormatInt(censusLife.Milliseconds(), 10)})
	}).AsInt64()
	return int(sum), err
}
