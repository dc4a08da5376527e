// leak: iterate|firstMatch|main
// schwarmco/go-cartesian-product#6: who reads a channel leaves at the first match, and who writes to it waits for ever
package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

func iterate(rows, columns int) <-chan [2]int {
	pairs := make(chan [2]int)
	go func() {
		defer close(pairs)
		for row := range rows {
			for column := range columns {
				pairs <- [2]int{row, column}
			}
		}
	}()
	return pairs
}
func firstMatch(wanted int) bool {
	for pair := range iterate(20, 20) {
		if pair[0]*pair[1] == wanted {
			return true
		}
	}
	return false
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	for n := 0; ; n++ {
		firstMatch(n % 13)
		time.Sleep(300 * time.Millisecond)
	}
}
