// trap: every twelve seconds 80 requests at once over a client with a limit of connections, and then none (distribution/distribution#473, mended)
package main

import (
	"io"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

var client = &http.Client{Transport: &http.Transport{MaxConnsPerHost: 10, MaxIdleConnsPerHost: 10, IdleConnTimeout: 4 * time.Second}}

func fetch() {
	response, err := client.Get("http://" + os.Getenv("ADDR") + "/debug/pprof/cmdline")
	if err != nil {
		return
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
}

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	for range time.Tick(12 * time.Second) {
		var all sync.WaitGroup
		for range 80 {
			all.Add(1)
			go func() { defer all.Done(); fetch() }()
		}
		all.Wait()
	}
}
