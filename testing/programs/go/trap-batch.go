// trap: 150 goroutines start every 16 s, ten a second at most, and all are done after 14
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

func item(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	time.Sleep(time.Duration(2000+n*50) * time.Millisecond)
}

func batch() {
	var wg sync.WaitGroup
	for n := range 150 {
		wg.Add(1)
		go item(n, &wg)
		time.Sleep(15 * time.Millisecond)
	}
	wg.Wait()
}

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	go batch()
	for range time.Tick(16 * time.Second) {
		go batch()
	}
}
