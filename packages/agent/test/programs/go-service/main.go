// Command conformance is the Go side of conformance.test.ts: profiles on net/http/pprof, and something in each of them.
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var kept [][]byte

func main() {
	runtime.SetMutexProfileFraction(1)
	for i := 0; i < 20; i++ {
		kept = append(kept, make([]byte, 1<<20))
	}
	var mutex sync.Mutex
	for i := 0; i < 3; i++ {
		go func() {
			for {
				mutex.Lock()
				time.Sleep(time.Millisecond)
				mutex.Unlock()
			}
		}()
	}
	runtime.GC()
	// As gin-contrib/pprof does: go tool pprof asks so for the names in a text.
	http.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	// Nobody waits for it longer than a test takes.
	time.AfterFunc(5*time.Minute, func() { os.Exit(2) })
	_ = http.Serve(listener, nil)
}
