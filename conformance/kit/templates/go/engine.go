// my-engine: Pods that run and end, on a virtual clock. A place to start from.
// What it does not know it refuses with 501, so it is judged by what it does and by nothing else.
package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
)

var (
	epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // the time of day at second 0
	label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	name  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	known = map[string]string{
		"metadata":        " name namespace labels annotations ",
		"spec":            " containers restartPolicy terminationGracePeriodSeconds ",
		"spec.containers": " name image ",
	}
)

// Engine is a whole cluster: its time, its Pods, and what a watch has shown of them.
type Engine struct {
	now    float64
	count  int
	pods   map[string]*pod
	seen   []Data
	timers []timer
}

type timer struct {
	at     float64
	order  int
	action func()
}

type pod struct {
	metadata, spec Data
	started        string
	containers     []*container
}

type container struct {
	name, id    string
	state, last Data
	restarts    int
}

// Describe claims what is served, and no more. kubelaws adapter check knows all capabilities.
func (engine *Engine) Describe() Data {
	return Data{
		"protocol": 1, "batch": true, "name": "my-engine", "version": "0.1", "language": "go",
		"clock": "virtual", "capabilities": []string{"api", "kubelet", "container-exit"},
		"epoch": epoch.Unix(),
	}
}

// Reset makes a fresh, empty cluster.
func (engine *Engine) Reset() {
	*engine = Engine{pods: map[string]*pod{}}
}

// Observe hands over what was shown since the last call.
func (engine *Engine) Observe() []Data {
	seen := engine.seen
	engine.seen = nil
	if seen == nil {
		return []Data{}
	}
	return seen
}

// Apply does one thing; an error that is a Refusal is the API's answer.
func (engine *Engine) Apply(verb string, raw json.RawMessage) (any, error) {
	var given struct {
		Object                                Data
		Kind, Namespace, Name, Pod, Container string
		DryRun                                bool
		GracePeriodSeconds                    *float64
		Seconds                               float64
		ExitCode                              int
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, err
	}
	switch verb {
	case "advance":
		engine.advance(given.Seconds)
		return nil, nil
	case "create":
		return engine.create(given.Object, given.DryRun)
	case "delete":
		return engine.delete(given.Kind, given.Namespace, given.Name, given.GracePeriodSeconds)
	case "exit":
		return nil, engine.exit(given.Namespace, given.Pod, given.Container, given.ExitCode)
	}
	return nil, refuse(501, "NotImplemented", "%s is not implemented", verb)
}

// -- time: timers fire in order, each at its own second --------------------------------------------

func (engine *Engine) after(seconds float64, action func()) {
	engine.timers = append(engine.timers, timer{engine.now + seconds, engine.next(), action})
	sort.SliceStable(engine.timers, func(i, j int) bool { return engine.timers[i].at < engine.timers[j].at })
}

func (engine *Engine) advance(seconds float64) {
	end := engine.now + seconds
	for len(engine.timers) > 0 && engine.timers[0].at <= end {
		due := engine.timers[0]
		engine.timers = engine.timers[1:]
		engine.now = due.at
		due.action()
	}
	engine.now = end
}

func (engine *Engine) time(after float64) string {
	return epoch.Add(time.Duration((engine.now + after) * float64(time.Second))).Format("2006-01-02T15:04:05Z")
}

func (engine *Engine) next() int {
	engine.count++
	return engine.count
}

// -- the API ---------------------------------------------------------------------------------------

func (engine *Engine) create(manifest Data, dryRun bool) (any, error) {
	if err := check(manifest); err != nil {
		return nil, err
	}
	metadata, spec := copied(object(manifest["metadata"])), copied(object(manifest["spec"]))
	setDefault(metadata, "namespace", "default")
	setDefault(spec, "restartPolicy", "Always")
	setDefault(spec, "terminationGracePeriodSeconds", 30.0)
	key := text(metadata["namespace"]) + "/" + text(metadata["name"])
	if engine.pods[key] != nil {
		return nil, refuse(409, "AlreadyExists", "pod %s is there", key)
	}
	metadata["uid"] = fmt.Sprintf("uid-%d", engine.next())
	metadata["creationTimestamp"] = engine.time(0)
	metadata["generation"] = 1
	spec["nodeName"] = "node1"
	made := &pod{metadata: metadata, spec: spec}
	for _, each := range list(spec["containers"]) {
		made.containers = append(made.containers, &container{name: text(object(each)["name"]), last: Data{}})
	}
	stored := engine.shown(made)
	if dryRun {
		return stored, nil
	}
	engine.pods[key] = made
	engine.show("ADDED", made)
	made.started = engine.time(0)
	for _, each := range made.containers {
		engine.start(made, each)
	}
	return stored, nil
}

func (engine *Engine) delete(kind, namespace, name string, seconds *float64) (any, error) {
	found, err := engine.find(kind, namespace, name)
	if err != nil {
		return nil, err
	}
	grace := found.spec["terminationGracePeriodSeconds"].(float64)
	if seconds != nil {
		grace = *seconds
	}
	if grace < 0 {
		grace = 1
	}
	if is := phase(found); is == "Succeeded" || is == "Failed" {
		grace = 0
	}
	found.metadata["deletionTimestamp"] = engine.time(grace)
	found.metadata["deletionGracePeriodSeconds"] = grace
	found.metadata["generation"] = found.metadata["generation"].(int) + 1
	if grace > 0 {
		engine.show("MODIFIED", found)
		for _, each := range found.containers {
			if each.state["running"] != nil {
				engine.ended(each, 143)
			}
		}
		engine.show("MODIFIED", found)
	}
	delete(engine.pods, namespace+"/"+name)
	engine.show("DELETED", found)
	return engine.shown(found), nil
}

func (engine *Engine) find(kind, namespace, name string) (*pod, error) {
	found := engine.pods[namespace+"/"+name]
	if kind != "Pod" || found == nil {
		return nil, refuse(404, "NotFound", "there is no %s %s", kind, name)
	}
	return found, nil
}

// -- the kubelet -----------------------------------------------------------------------------------

func (engine *Engine) start(of *pod, which *container) {
	which.id = fmt.Sprintf("my-engine://%d", engine.next())
	which.state = Data{"running": Data{"startedAt": engine.time(0)}}
	engine.show("MODIFIED", of)
}

func (engine *Engine) exit(namespace, name, which string, exitCode int) error {
	found, err := engine.find("Pod", namespace, name)
	if err != nil {
		return err
	}
	for _, each := range found.containers {
		if each.name == which && each.state["running"] != nil {
			engine.ended(each, exitCode)
			if engine.restarts(found, exitCode) {
				engine.restart(found, each)
			}
			engine.show("MODIFIED", found)
			return nil
		}
	}
	return refuse(409, "Conflict", "container %s does not run", which)
}

func (engine *Engine) ended(which *container, exitCode int) {
	reason := "Completed"
	if exitCode != 0 {
		reason = "Error"
	}
	which.state = Data{"terminated": Data{
		"exitCode": exitCode, "reason": reason, "containerID": which.id,
		"startedAt": object(which.state["running"])["startedAt"], "finishedAt": engine.time(0),
	}}
}

func (engine *Engine) restarts(of *pod, exitCode int) bool {
	return false // by the policy and the exit code: RESTART-002
}

func (engine *Engine) restart(of *pod, which *container) {
	which.last = which.state
	which.restarts++
	engine.start(of, which)
}

// -- what the watch shows --------------------------------------------------------------------------

func phase(of *pod) string {
	ended, failed := 0, false
	for _, each := range of.containers {
		if each.id == "" {
			return "Pending"
		}
		if run := object(each.state["terminated"]); run != nil {
			ended++
			failed = failed || run["exitCode"] != 0
		}
	}
	switch {
	case ended < len(of.containers):
		return "Running"
	case failed:
		return "Failed"
	}
	return "Succeeded"
}

func (engine *Engine) shown(of *pod) Data {
	statuses := []Data{}
	for _, each := range of.containers {
		if each.id != "" {
			statuses = append(statuses, Data{
				"name": each.name, "state": each.state, "lastState": each.last,
				"ready": each.state["running"] != nil, "restartCount": each.restarts, "containerID": each.id,
			})
		}
	}
	status := Data{"phase": phase(of), "qosClass": "BestEffort", "containerStatuses": statuses}
	if of.started != "" {
		status["startTime"] = of.started
	}
	metadata := copied(of.metadata)
	metadata["resourceVersion"] = fmt.Sprint(engine.next())
	return Data{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": of.spec, "status": status}
}

func (engine *Engine) show(kind string, of *pod) {
	engine.seen = append(engine.seen, Data{"at": engine.now, "type": kind, "object": engine.shown(of)})
}

// -- what a manifest must be -----------------------------------------------------------------------

func check(manifest Data) error {
	if manifest["kind"] != "Pod" {
		return refuse(501, "NotImplemented", "only Pods are kept here")
	}
	metadata, spec := object(manifest["metadata"]), object(manifest["spec"])
	containers := list(spec["containers"])
	parts := map[string][]Data{"metadata": {metadata}, "spec": {spec}}
	for _, each := range containers {
		parts["spec.containers"] = append(parts["spec.containers"], object(each))
	}
	for where, objects := range parts {
		for _, each := range objects {
			for field := range each {
				if !strings.Contains(known[where], " "+field+" ") {
					return refuse(501, "NotImplemented", "%s.%s is not implemented", where, field)
				}
			}
		}
	}
	policy := text(spec["restartPolicy"])
	faults := refuse(422, "Invalid", "the Pod is invalid")
	wrong := func(field string, is bool) {
		if is {
			faults.Causes = append(faults.Causes, Cause{field, "FieldValueInvalid"})
		}
	}
	wrong("metadata.name", !name.MatchString(text(metadata["name"])) || len(text(metadata["name"])) > 253)
	wrong("metadata.namespace", metadata["namespace"] != nil && !label.MatchString(text(metadata["namespace"])))
	wrong("spec.containers", len(containers) == 0)
	wrong("spec.restartPolicy", !strings.Contains(" Always OnFailure Never  ", " "+policy+" "))
	names := map[string]bool{}
	for index, each := range parts["spec.containers"] {
		image := text(each["image"])
		called := text(each["name"])
		wrong(fmt.Sprintf("spec.containers[%d].name", index), names[called] || !label.MatchString(called))
		wrong(fmt.Sprintf("spec.containers[%d].image", index), image == "" || image != strings.TrimSpace(image))
		names[called] = true
	}
	if len(faults.Causes) > 0 {
		return faults
	}
	// The next thing to do: serve the other policies, and take this away.
	if policy != "Never" {
		return refuse(501, "NotImplemented", "no restarts yet")
	}
	return nil
}

// -- JSON ------------------------------------------------------------------------------------------

func object(value any) Data {
	found, _ := value.(Data)
	return found
}

func list(value any) []any {
	found, _ := value.([]any)
	return found
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

func copied(from Data) Data {
	to := Data{}
	for key, value := range from {
		to[key] = value
	}
	return to
}

func setDefault(of Data, field string, value any) {
	if of[field] == nil {
		of[field] = value
	}
}
