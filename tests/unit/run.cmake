instroom_unit_test(run_test SOURCES run_app_test.c run_config_test.c run_metrics_test.c run_status_test.c
  LINKS instroom_run)
if(INSTROOM_CRASH_POINTS)
  instroom_unit_test(run_crash_test SOURCES run_crash_test.c LINKS instroom_run)
endif()
