// leak: startJob|withAccount
// hibiken/asynq#145, uber/tchannel-go#278: a context whose cancel is never called stays with its parent; only the heap shows it
package main

import (
	"context"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"time"
)

type accountKey struct{}
type account struct {
	id     int
	limits [1024]int
}

var server, _ = context.WithCancel(context.Background())

func withAccount(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, accountKey{}, &account{id: n})
}
func startJob(n int) bool {
	parent, _ := context.WithCancel(server) // the cancel is thrown away
	ctx, cancel := context.WithTimeout(withAccount(parent, n), 24*time.Hour)
	_ = cancel
	return ctx.Err() == nil
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	n := 0
	for range time.Tick(20 * time.Millisecond) {
		startJob(n)
		if n++; n%250 == 0 {
			runtime.GC()
		}
	}
}
