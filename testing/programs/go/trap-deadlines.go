// trap: thirty requests a second, each with a deadline, a ticker that is stopped and a goroutine that ends with it; results in a ring
package main

import (
	"context"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

var (
	mu   sync.Mutex
	ring [512][]byte
)

func progress(ctx context.Context, n int) {
	ticker := time.NewTicker(15 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
func serve(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	go progress(ctx, n)
	time.Sleep(time.Duration(20+n*37%180) * time.Millisecond)
	mu.Lock()
	ring[n%len(ring)] = make([]byte, 4096)
	mu.Unlock()
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	for n := 0; ; n++ {
		go serve(n)
		time.Sleep(33 * time.Millisecond)
	}
}
