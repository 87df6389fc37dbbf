// The protocol: JSON-RPC 2.0, one message a line; whatever is logged goes to standard error.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

// Data is a JSON object.
type Data = map[string]any

type request struct {
	ID     any    `json:"id"`
	Method string `json:"method"`
	Params struct {
		Stimulus struct {
			Verb      string          `json:"verb"`
			Arguments json.RawMessage `json:"arguments"`
		} `json:"stimulus"`
	} `json:"params"`
}

// Refusal is how the API says no: an answer like any other.
type Refusal struct {
	Code    int     `json:"code"`
	Reason  string  `json:"reason"`
	Message string  `json:"message"`
	Causes  []Cause `json:"causes"`
}

// Cause names a field that made the API refuse.
type Cause struct {
	Field string `json:"field"`
	Type  string `json:"type"`
}

func (refusal *Refusal) Error() string { return refusal.Message }

func refuse(code int, reason, format string, values ...any) *Refusal {
	return &Refusal{Code: code, Reason: reason, Message: fmt.Sprintf(format, values...), Causes: []Cause{}}
}

func call(engine *Engine, asked request) (any, error) {
	switch asked.Method {
	case "describe":
		return engine.Describe(), nil
	case "reset":
		engine.Reset()
		return Data{}, nil
	case "observe":
		return Data{"observations": engine.Observe()}, nil
	case "close":
		return Data{}, nil
	case "apply":
		value, err := engine.Apply(asked.Params.Stimulus.Verb, asked.Params.Stimulus.Arguments)
		if refusal, ok := err.(*Refusal); ok {
			return Data{"rejected": refusal}, nil
		}
		return Data{"accepted": value}, err
	}
	return nil, &unknown{asked.Method}
}

type unknown struct{ method string }

func (err *unknown) Error() string { return "no method " + err.method }

func answer(engine *Engine, asked request) (said Data) {
	said = Data{"jsonrpc": "2.0", "id": asked.ID}
	defer func() {
		if problem := recover(); problem != nil {
			log.Printf("%s: %v", asked.Method, problem)
			delete(said, "result")
			said["error"] = Data{"code": -32000, "message": fmt.Sprint(problem)}
		}
	}()
	result, err := call(engine, asked)
	if _, ok := err.(*unknown); ok {
		said["error"] = Data{"code": -32601, "message": err.Error()}
	} else if err != nil {
		said["error"] = Data{"code": -32000, "message": err.Error()}
	} else {
		said["result"] = result
	}
	return said
}

func main() {
	engine := &Engine{}
	reader := bufio.NewReader(os.Stdin)
	writer := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(writer)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return // the input has ended, and so does the engine
		}
		var said any
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")) {
			var asked []request
			if err := json.Unmarshal(line, &asked); err != nil {
				log.Fatal(err)
			}
			answers := []Data{}
			for _, each := range asked {
				answers = append(answers, answer(engine, each))
			}
			said = answers
		} else {
			var asked request
			if err := json.Unmarshal(line, &asked); err != nil {
				log.Fatal(err)
			}
			said = answer(engine, asked)
		}
		if err := encoder.Encode(said); err != nil {
			log.Fatal(err)
		}
		writer.Flush()
	}
}
