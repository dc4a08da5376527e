// leak: Get|handle|query
// gomodule/redigo#316, golang/go#12989: connections that fail are not given back, and who waits for one waits on a condition without a deadline
package main

import (
	"errors"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

type conn struct{ broken bool }

type pool struct {
	mu   sync.Mutex
	cond *sync.Cond
	free []*conn
}

func newPool(size int) *pool {
	p := &pool{}
	p.cond = sync.NewCond(&p.mu)
	for range size {
		p.free = append(p.free, &conn{})
	}
	return p
}
func (p *pool) Get() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) == 0 {
		p.cond.Wait()
	}
	c := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return c
}
func (p *pool) Put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, c)
	p.cond.Signal()
}

var connections = newPool(12)

func query(n int) error {
	c := connections.Get()
	time.Sleep(20 * time.Millisecond)
	if n%9 == 0 {
		return errors.New("broken pipe") // and the connection is not given back
	}
	connections.Put(c)
	return nil
}
func handle(n int) { _ = query(n) }
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	for n := 1; ; n++ {
		go handle(n)
		time.Sleep(60 * time.Millisecond)
	}
}
