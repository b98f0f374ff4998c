#!/bin/bash
# A broker with the users of /config/users (NAME PASSWORD a line), who may do what /config/rules.json says.
set -euo pipefail
kafka() { java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/libs/*' "$@"; }
users=()
while read -r name password; do users+=(--add-scram "SCRAM-SHA-512=[name=$name,password=$password]"); done < /config/users
kafka kafka.tools.StorageTool format --ignore-formatted -t c3RhbmQtaW4ta2Fma2EtMA -c /config/server.properties "${users[@]}" >/dev/null # it would print them
python3 /rules.py &
kafka kafka.Kafka /config/server.properties &
trap 'kill -TERM $!' TERM
wait $! || wait $!
