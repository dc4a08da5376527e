// leak: parseHeader|receive
// Wave-RF/WaveHouse#477-like, in Go: 32 bytes of a packet keep all of it
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"time"
)

var headers [][]byte

func parseHeader(packet []byte) []byte { return packet[:32] }

func receive(n int) {
	packet := make([]byte, 64<<10)
	packet[0] = byte(n)
	headers = append(headers, parseHeader(packet))
}

func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	n := 0
	for range time.Tick(60 * time.Millisecond) {
		receive(n)
		if n++; n%80 == 0 {
			runtime.GC()
		}
	}
}
