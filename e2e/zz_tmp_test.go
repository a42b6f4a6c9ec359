package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

func BenchmarkZZLab(b *testing.B) {
	h := manyOf(b)
	h.stop()
	if out, err := exec.Command("cp", "-a", h.data, "/tmp/lab").CombinedOutput(); err != nil {
		b.Fatal(string(out))
	}
	raw, _ := json.Marshal(map[string]string{"app": h.app, "configuration": h.configuration, "policy": h.policy, "destination": h.destination, "device": h.device, "snapshot": h.snapshot, "job": h.job, "older": h.older, "foreign": h.foreign, "folder": h.folder})
	_ = os.WriteFile("/tmp/lab/ids.json", raw, 0o600)
	h.start()
	browser := h.signIn()
	looks := h.looks()
	for b.Loop() {
		h.sizes(b, browser, looks)
		one := h.measure(b, browser, looks, 1, 10)
		for i, l := range looks {
			b.Logf("p95 %7.1f ms alone: %s", ms(one[i]), h.short(l.path))
		}
	}
}
