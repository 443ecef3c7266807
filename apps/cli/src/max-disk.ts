/** Of one machine, GB: the largest disk that Google Cloud has, and far above what the others rent. */
export const MAX_DISK_GB = 65_536;
