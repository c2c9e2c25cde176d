#!/bin/bash
exec java -Xmx128m -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "/opt/kafka/libs/*" \
	org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
