package config_test

import (
	"reflect"
	"testing"

	"maska/internal/config"
)

func TestRedisURLsAreUnderstood(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]config.Redis{
		"redis://localhost":                    {Addresses: []string{"localhost:6379"}},
		"redis://localhost/":                   {Addresses: []string{"localhost:6379"}},
		"rediss://u:p%40ss@10.0.0.1:7000/3":    {Addresses: []string{"10.0.0.1:7000"}, Username: "u", Password: "p@ss", Database: 3, TLS: true},
		"redis://:p@a:1,b,[::1]:3":             {Addresses: []string{"a:1", "b:6379", "[::1]:3"}, Password: "p"},
		"redis://[::1]":                        {Addresses: []string{"[::1]:6379"}},
		"redis+sentinel://s1,s2:5000/mymaster": {Addresses: []string{"s1:26379", "s2:5000"}, Master: "mymaster"},
		"rediss+sentinel://u:p@s1/mymaster/2?sentinel_username=su&sentinel_password=sp": {
			Addresses: []string{"s1:26379"}, Master: "mymaster", Username: "u", Password: "p",
			SentinelUsername: "su", SentinelPassword: "sp", Database: 2, TLS: true,
		},
	} {
		c, err := load(t, "REDIS_URL="+url)
		if err != nil || !reflect.DeepEqual(c.Redis, want) {
			t.Errorf("%s: %+v %v, want %+v", url, c.Redis, err, want)
		}
	}
	if c, err := load(t); err != nil || c.Redis.Addresses != nil {
		t.Errorf("without REDIS_URL: %+v %v", c.Redis, err)
	}
}
