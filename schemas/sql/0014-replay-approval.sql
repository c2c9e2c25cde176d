-- A large replay is approved by another person than its planner before it runs, whatever program moves it; its rate stays
-- with the job; and what was foreseen of each delivery is kept, to be shown by board.

alter table register.replay_job
  add column approval_needed boolean not null default false,
  add column approved_by     text,
  add column approved_at     timestamptz,
  add column rate            int,           -- messages a second; 0 without limit; null: never started
  add constraint replay_job_approved_by_another check (approved_by is null or approved_by <> planned_by),
  add constraint replay_job_approved check
    (not approval_needed or approved_by is not null or state in ('planned', 'cancelled', 'expired'));

alter table register.replay_item
  add column foreseen int[];                -- lines by outcome, as replay_job.foreseen; null: planned by an earlier release
