// Package metrics shows Prometheus what a process does. It knows nothing of the chat: whoever has
// something to show names it. No label may name a person: labels come from code, never from input.
package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is everything that one process shows.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler
}

// New returns metrics of the Go runtime, the process and the build.
func New(version string, log *slog.Logger) *Metrics {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "maska_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	})
	build.Set(1)
	registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &Metrics{registry, promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: complaints{log}, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesAtOnce,
	})}
}

// scrapesAtOnce bounds what a scrape that hangs can cost.
const scrapesAtOnce = 4

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

type complaints struct{ log *slog.Logger }

func (c complaints) Println(v ...any) { c.log.Warn("metrics are incomplete", slog.Any("cause", v)) }

// Seconds are bounds for times from half a millisecond to ten seconds.
func Seconds() []float64 {
	return []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
}

// PowersOfTwo are bounds for counts from 1 to 2^(n-1).
func PowersOfTwo(n int) []float64 { return prometheus.ExponentialBuckets(1, 2, n) }

// Histogram returns a function that counts a value into the classes of a histogram, from any goroutine.
func (m *Metrics) Histogram(name, help string, bounds []float64) (observe func(float64)) {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds})
	m.registry.MustRegister(h)
	return h.Observe
}

// Histograms is Histogram with labels, whose values the function takes in the order of the names. There
// must be few of them.
func (m *Metrics) Histograms(name, help string, bounds []float64, labels ...string) (observe func(value float64, labels ...string)) {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
	m.registry.MustRegister(h)
	return func(value float64, labels ...string) { h.WithLabelValues(labels...).Observe(value) }
}

// Read has a function called at every scrape, which reads the counters of some part of the process.
func (m *Metrics) Read(read func(*Reading)) { m.registry.MustRegister(reader(read)) }

// reader is a collector that describes nothing before it is read.
type reader func(*Reading)

func (reader) Describe(chan<- *prometheus.Desc) {}

func (r reader) Collect(out chan<- prometheus.Metric) { r(&Reading{out}) }

// Reading takes the values of one scrape. Labels are names and values in turn.
type Reading struct{ out chan<- prometheus.Metric }

// Gauge tells a value that goes up and down.
func (r *Reading) Gauge(name, help string, value float64, labels ...string) {
	r.value(prometheus.GaugeValue, name, help, value, labels)
}

// Flag tells whether something is so.
func (r *Reading) Flag(name, help string, is bool, labels ...string) {
	value := 0.0
	if is {
		value = 1
	}
	r.Gauge(name, help, value, labels...)
}

// Counter tells a count since the start.
func (r *Reading) Counter(name, help string, count float64, labels ...string) {
	r.value(prometheus.CounterValue, name, help, count, labels)
}

func (r *Reading) value(kind prometheus.ValueType, name, help string, value float64, labels []string) {
	names, values := split(labels)
	metric, err := prometheus.NewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
	r.tell(name, help, metric, err)
}

// Times tells a histogram of times that was kept elsewhere: bounds are the upper ends of its classes,
// counts one more than bounds.
func (r *Reading) Times(name, help string, bounds []time.Duration, counts []uint64, sum time.Duration) {
	classes, all := map[float64]uint64{}, uint64(0)
	for i, n := range counts {
		all += n
		if i < len(bounds) {
			classes[bounds[i].Seconds()] = all
		}
	}
	metric, err := prometheus.NewConstHistogram(prometheus.NewDesc(name, help, nil, nil), all, sum.Seconds(), classes)
	r.tell(name, help, metric, err)
}

func (r *Reading) tell(name, help string, metric prometheus.Metric, err error) {
	if err != nil {
		metric = prometheus.NewInvalidMetric(prometheus.NewDesc(name, help, nil, nil), err)
	}
	r.out <- metric
}

func split(pairs []string) (names, values []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		names, values = append(names, pairs[i]), append(values, pairs[i+1])
	}
	return names, values
}
