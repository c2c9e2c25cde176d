-- A plan that nobody started expires: its attempts are free again. And who publishes a job now, to see one that died.

alter table register.replay_job drop constraint replay_job_state_check;
alter table register.replay_job add constraint replay_job_state_check
  check (state in ('planned', 'running', 'paused', 'published', 'cancelled', 'expired'));

-- Whether a process publishes this job: it holds the advisory lock of that name, which goes with its connection.
create function register.replay_is_published(job uuid) returns boolean
language sql stable as $$
  select exists (select from pg_locks
    where locktype = 'advisory' and granted and objsubid = 1
      and database = (select oid from pg_database where datname = current_database())
      and (classid::bigint << 32 | objid::bigint) = hashtextextended('instroom replay ' || job::text, 0))
$$;
grant execute on function register.replay_is_published(uuid) to instroom_reader, instroom_writer;
