// trap: large buffers come from a sync.Pool and go back to it: the heap is a saw, and eight workers are there from the start
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

var buffers = sync.Pool{New: func() any { return make([]byte, 256*1024) }}

func compress(n int) int {
	buffer := buffers.Get().([]byte)
	defer buffers.Put(buffer) //nolint:staticcheck
	for i := range buffer {
		buffer[i] = byte(n)
	}
	time.Sleep(time.Duration(1+n%7) * 10 * time.Millisecond)
	return len(buffer)
}
func worker(jobs <-chan int) {
	for n := range jobs {
		compress(n)
	}
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	jobs := make(chan int)
	for range 8 {
		go worker(jobs)
	}
	for n := 0; ; n++ {
		jobs <- n
		time.Sleep(10 * time.Millisecond)
	}
}
