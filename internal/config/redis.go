package config

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Redis says where Redis is.
type Redis struct {
	// Addresses are host:port. Several are members of a Cluster, or Sentinels if Master is set.
	Addresses []string
	// Master is the name by which Sentinels know the server.
	Master                             string
	Username, Password                 string
	SentinelUsername, SentinelPassword string
	Database                           int
	TLS                                bool
}

// Ports of addresses that name none.
const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// parseRedis reads REDIS_URL:
//
//	redis://[user:password@]host[:port][/database]                 one server, or a member of a Cluster
//	redis://[user:password@]host[:port],host[:port],…              members of a Cluster
//	redis+sentinel://[user:password@]host[:port],…/master[/database][?sentinel_username=…&sentinel_password=…]
//
// rediss and rediss+sentinel use TLS. The URL may hold a password, so errors do not repeat it.
func parseRedis(text string) (Redis, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return Redis{}, errRedisURL
	}
	authority, path := rest, ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	userinfo, hosts := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		userinfo, hosts = authority[:at+1], authority[at+1:]
	}
	u, err := url.Parse("redis://" + userinfo + "host" + path) // url.Parse knows no list of hosts
	if err != nil || u.Fragment != "" {
		return Redis{}, errRedisURL
	}
	r := Redis{Username: u.User.Username()}
	r.Password, _ = u.User.Password()
	switch scheme {
	case "redis":
		err = r.server(u, hosts)
	case "rediss":
		r.TLS = true
		err = r.server(u, hosts)
	case "redis+sentinel":
		err = r.sentinels(u, hosts)
	case "rediss+sentinel":
		r.TLS = true
		err = r.sentinels(u, hosts)
	default:
		err = errRedisURL
	}
	return r, err
}

var (
	errRedisURL    = errors.New("must look like redis://host:6379, rediss:// for TLS, redis://host,host,host for a Cluster, or redis+sentinel://host,host/master")
	errRedisHost   = errors.New("names a host or a port that is none")
	errRedisPath   = errors.New("may end with the number of a database, and a Cluster has none")
	errRedisMaster = errors.New("must name the master after the Sentinels, as redis+sentinel://host,host/master")
)

func (r *Redis) server(u *url.URL, hosts string) error {
	if u.RawQuery != "" {
		return errRedisURL
	}
	var err error
	if r.Addresses, err = addresses(hosts, redisPort); err != nil {
		return err
	}
	number := strings.TrimPrefix(u.Path, "/")
	if number != "" && len(r.Addresses) > 1 {
		return errRedisPath
	}
	return r.database(number)
}

func (r *Redis) sentinels(u *url.URL, hosts string) error {
	var err error
	if r.Addresses, err = addresses(hosts, sentinelPort); err != nil {
		return err
	}
	master, number, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if master == "" {
		return errRedisMaster
	}
	r.Master = master
	for name, values := range u.Query() {
		switch name {
		case "sentinel_username":
			r.SentinelUsername = values[0]
		case "sentinel_password":
			r.SentinelPassword = values[0]
		default:
			return errRedisURL
		}
	}
	return r.database(number)
}

func (r *Redis) database(number string) error {
	if number == "" {
		return nil
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return errRedisPath
	}
	r.Database = int(n)
	return nil
}

func addresses(hosts, standardPort string) ([]string, error) {
	var all []string
	for address := range strings.SplitSeq(hosts, ",") {
		u, err := url.Parse("redis://" + address)
		if err != nil || u.Hostname() == "" || u.Host != address || strings.ContainsAny(address, " \t") {
			return nil, errRedisHost
		}
		port := u.Port()
		if port == "" {
			port = standardPort
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errRedisHost
		}
		all = append(all, net.JoinHostPort(u.Hostname(), port))
	}
	return all, nil
}
