package docker

// The labels by which docker compose knows what is its own.
const (
	composeProject = "com.docker.compose.project"
	composeService = "com.docker.compose.service"
	composeNumber  = "com.docker.compose.container-number"
	composeDir     = "com.docker.compose.project.working_dir"
	composeConfigs = "com.docker.compose.project.config_files"
	composeEnvFile = "com.docker.compose.project.environment_file"
	composeReplace = "com.docker.compose.replace" // the id of the container it took the place of
	composeHash    = "com.docker.compose.config-hash"
	composeNetwork = "com.docker.compose.network"
	composeVolume  = "com.docker.compose.volume"
	composePrefix  = "com.docker.compose."
)
