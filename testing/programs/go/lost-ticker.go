// leak: keepAlive|openSession
// zishang520/socket.io#156, golang/go#22773: the loop that keeps a session alive has no way out
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

type session struct {
	mu   sync.Mutex
	seen time.Time
}

func (s *session) keepAlive() {
	for range time.Tick(700 * time.Millisecond) {
		s.mu.Lock()
		s.seen = time.Now()
		s.mu.Unlock()
	}
}
func openSession() {
	s := &session{}
	go s.keepAlive()
	time.Sleep(30 * time.Millisecond)
	s.mu.Lock() // closed: but its loop is not told
	s.seen = time.Time{}
	s.mu.Unlock()
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	for range time.Tick(350 * time.Millisecond) {
		go openSession()
	}
}
