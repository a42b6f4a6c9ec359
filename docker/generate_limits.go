package docker

import (
	"strings"

	"github.com/moby/moby/api/types/container"
)

// composeLimits is what a service of a compose file may do and use.
type composeLimits struct {
	Privileged        bool                     `yaml:"privileged,omitempty"`
	ReadOnly          bool                     `yaml:"read_only,omitempty"`
	Init              *bool                    `yaml:"init,omitempty"`
	IPC               string                   `yaml:"ipc,omitempty"`
	PID               string                   `yaml:"pid,omitempty"`
	UsernsMode        string                   `yaml:"userns_mode,omitempty"`
	CgroupParent      string                   `yaml:"cgroup_parent,omitempty"`
	Runtime           string                   `yaml:"runtime,omitempty"`
	CapAdd            []string                 `yaml:"cap_add,omitempty"`
	CapDrop           []string                 `yaml:"cap_drop,omitempty"`
	SecurityOpt       []string                 `yaml:"security_opt,omitempty"`
	Sysctls           map[string]string        `yaml:"sysctls,omitempty"`
	Ulimits           map[string]composeUlimit `yaml:"ulimits,omitempty"`
	StorageOpt        map[string]string        `yaml:"storage_opt,omitempty"`
	Devices           []string                 `yaml:"devices,omitempty"`
	DeviceCgroupRules []string                 `yaml:"device_cgroup_rules,omitempty"`
	Deploy            *composeDeploy           `yaml:"deploy,omitempty"`
	ShmSize           int64                    `yaml:"shm_size,omitempty"`
	MemLimit          int64                    `yaml:"mem_limit,omitempty"`
	MemReservation    int64                    `yaml:"mem_reservation,omitempty"`
	MemswapLimit      int64                    `yaml:"memswap_limit,omitempty"`
	MemSwappiness     *int64                   `yaml:"mem_swappiness,omitempty"`
	OomKillDisable    bool                     `yaml:"oom_kill_disable,omitempty"`
	OomScoreAdj       int                      `yaml:"oom_score_adj,omitempty"`
	PidsLimit         int64                    `yaml:"pids_limit,omitempty"`
	CPUs              float64                  `yaml:"cpus,omitempty"`
	CPUShares         int64                    `yaml:"cpu_shares,omitempty"`
	CPUQuota          int64                    `yaml:"cpu_quota,omitempty"`
	CPUPeriod         int64                    `yaml:"cpu_period,omitempty"`
	CPUSet            string                   `yaml:"cpuset,omitempty"`
	Blkio             *composeBlkio            `yaml:"blkio_config,omitempty"`
}

type composeUlimit struct {
	Soft int64 `yaml:"soft"`
	Hard int64 `yaml:"hard"`
}

type composeBlkio struct {
	Weight uint16 `yaml:"weight"`
}

// composeDeploy holds graphics cards and the like, the only place where both generations look for them.
type composeDeploy struct {
	Resources struct {
		Reservations struct {
			Devices []composeDeviceRequest `yaml:"devices"`
		} `yaml:"reservations"`
	} `yaml:"resources"`
}

type composeDeviceRequest struct {
	Driver       string            `yaml:"driver,omitempty"`
	Count        int               `yaml:"count,omitempty"`
	DeviceIDs    []string          `yaml:"device_ids,omitempty"`
	Capabilities []string          `yaml:"capabilities"`
	Options      map[string]string `yaml:"options,omitempty"`
}

const (
	defaultShm     = 64 << 20
	defaultRuntime = "runc"
)

func limits(h *container.HostConfig) composeLimits {
	l := composeLimits{
		Privileged: h.Privileged, ReadOnly: h.ReadonlyRootfs, Init: h.Init, UsernsMode: string(h.UsernsMode), CgroupParent: h.CgroupParent,
		CapAdd: h.CapAdd, CapDrop: h.CapDrop, SecurityOpt: h.SecurityOpt, Sysctls: h.Sysctls, StorageOpt: h.StorageOpt,
		DeviceCgroupRules: h.DeviceCgroupRules, MemLimit: h.Memory, MemReservation: h.MemoryReservation, MemswapLimit: h.MemorySwap,
		OomScoreAdj: h.OomScoreAdj, CPUs: float64(h.NanoCPUs) / 1e9, CPUShares: h.CPUShares, CPUQuota: h.CPUQuota,
		CPUPeriod: h.CPUPeriod, CPUSet: h.CpusetCpus, Ulimits: map[string]composeUlimit{},
	}
	if h.MemorySwappiness != nil && *h.MemorySwappiness >= 0 {
		l.MemSwappiness = h.MemorySwappiness
	}
	if h.OomKillDisable != nil {
		l.OomKillDisable = *h.OomKillDisable
	}
	if h.PidsLimit != nil {
		l.PidsLimit = *h.PidsLimit
	}
	if h.ShmSize != defaultShm {
		l.ShmSize = h.ShmSize
	}
	if h.Runtime != defaultRuntime {
		l.Runtime = h.Runtime
	}
	if h.BlkioWeight > 0 {
		l.Blkio = &composeBlkio{Weight: h.BlkioWeight}
	}
	for _, u := range h.Ulimits {
		l.Ulimits[u.Name] = composeUlimit{Soft: u.Soft, Hard: u.Hard}
	}
	for _, d := range h.Devices {
		l.Devices = append(l.Devices, strings.TrimSuffix(d.PathOnHost+":"+d.PathInContainer+":"+d.CgroupPermissions, ":"))
	}
	for _, r := range h.DeviceRequests {
		if len(r.Capabilities) == 0 {
			continue
		}
		if l.Deploy == nil {
			l.Deploy = &composeDeploy{}
		}
		list := &l.Deploy.Resources.Reservations.Devices
		*list = append(*list, composeDeviceRequest{Driver: r.Driver, Count: r.Count, DeviceIDs: r.DeviceIDs, Capabilities: r.Capabilities[0], Options: r.Options})
	}
	return l
}
