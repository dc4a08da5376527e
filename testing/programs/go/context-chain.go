// leak: withRequest|poll|main
// golang/go#68923, golang/go#35750: a context is made of the one before in each turn of a loop, and holds all of them
package main

import (
	"context"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

type key struct{}
type request struct {
	id   int
	body [512]byte
}

func withRequest(ctx context.Context, id int) context.Context {
	return context.WithValue(ctx, key{}, &request{id: id})
}
func poll(ctx context.Context) {
	for n := 0; ; n++ {
		ctx = withRequest(ctx, n)
		if ctx.Value(key{}).(*request).id != n {
			return
		}
		time.Sleep(4 * time.Millisecond)
	}
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	poll(context.Background())
}
