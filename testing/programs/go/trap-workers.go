// trap: a pool grows by a worker whenever all are busy, up to 32, while the load rises for 35 s and then stays
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

var jobs = make(chan int)
var workers int

func worker() {
	for range jobs {
		time.Sleep(200 * time.Millisecond)
	}
}
func submit(n int) {
	select {
	case jobs <- n:
		return
	case <-time.After(20 * time.Millisecond):
	}
	if workers < 32 {
		workers++
		go worker()
	}
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	start := time.Now()
	for n := 0; ; n++ {
		submit(n)
		load := min(140, 5+4*time.Since(start).Seconds())
		time.Sleep(time.Duration(float64(time.Second) / load))
	}
}
