-- what the reporting job runs
SELECT guest_id, spent FROM guest_total WHERE guest_id = 2719;
