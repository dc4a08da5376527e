// leak: fetchStatus|newClient|poll
// distribution/distribution#473, scorestack/scorestack#144: a transport per call, whose idle connection nobody closes
package main

import (
	"io"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

func newClient() *http.Client { return &http.Client{Transport: &http.Transport{}} }

func fetchStatus() {
	response, err := newClient().Get("http://" + os.Getenv("ADDR") + "/debug/pprof/cmdline")
	if err != nil {
		return
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
}

func poll() {
	for range time.Tick(400 * time.Millisecond) {
		fetchStatus()
	}
}

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	time.Sleep(200 * time.Millisecond)
	poll()
}
