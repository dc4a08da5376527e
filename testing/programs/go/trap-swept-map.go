// trap: sessions in a map, swept every six seconds, under a steady load (e2b-dev/infra#3392, mended)
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"sync"
	"time"
)

type session struct {
	at      time.Time
	payload [512]byte
}

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	var mutex sync.Mutex
	sessions := map[string]*session{}
	go func() {
		for range time.Tick(6 * time.Second) {
			mutex.Lock()
			for key, one := range sessions {
				if time.Since(one.at) > 3*time.Second {
					delete(sessions, key)
				}
			}
			mutex.Unlock()
		}
	}()
	n := 0
	for range time.Tick(20 * time.Millisecond) {
		mutex.Lock()
		for i := 0; i < 10; i++ {
			sessions[strconv.Itoa(n)] = &session{at: time.Now()}
			n++
		}
		mutex.Unlock()
	}
}
