// leak: record|observe|history
// docker/model-runner#110, xxxserxxx/gotop#128: every duration is appended to one slice, for a picture that shows the last hundred
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

type history struct{ seconds []float64 }

func (h *history) record(seconds float64) { h.seconds = append(h.seconds, seconds) }

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	durations := &history{}
	n := 0
	for range time.Tick(10 * time.Millisecond) {
		for i := 0; i < 400; i++ {
			durations.record(float64(n%97) / 1000)
			n++
		}
	}
}
