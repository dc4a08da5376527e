// leak: shouldWriteLastUsed|store|authenticate
// e2b-dev/infra#3392, wippyai/runtime#426-like: when each key was written last, in a sync.Map that nobody sweeps
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"sync"
	"time"
)

type store struct{ written sync.Map }

func (s *store) shouldWriteLastUsed(key string) bool {
	now := time.Now()
	before, ok := s.written.Load(key)
	if ok && now.Sub(before.(time.Time)) < time.Minute {
		return false
	}
	s.written.Store(key, now)
	return true
}

func authenticate(s *store, n int) { s.shouldWriteLastUsed("key-" + strconv.Itoa(n)) }

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	s := &store{}
	n := 0
	for range time.Tick(10 * time.Millisecond) {
		for i := 0; i < 25; i++ {
			authenticate(s, n)
			n++
		}
	}
}
