/** A certificate of localhost that nobody has signed, and its key: for tests, and of no use elsewhere. It lasts for a century. */
export const selfSigned = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUVLkTqZSaQvHRXXWn5ghCla5hyCQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE3MDYzN1oYDzIxMjYxMDI5
MTcwNjM3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASBmDf7p/DFz0PTFDlflWCoO2Et0yQFT1hsxup/Nty1o98OiY79QHMi
lcd6p6yamqBYFfZZoilB17EWXIxTpud/o2kwZzAdBgNVHQ4EFgQU54PFlZqrXxhf
yOiSHCXvWsQbBiMwHwYDVR0jBBgwFoAU54PFlZqrXxhfyOiSHCXvWsQbBiMwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgNWkTh8ibUwjHDckixSeFr9xbjY2dr23Dvmc2FpOx3PYCIQC00X5zKjqr
uwUB7g96MYlcmadxGJ5Z9mjah5wrj5YPxA==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk+15CZamcfGGlWW0
tN0EwJXoD29zfnetGGNhA2U29amhRANCAASBmDf7p/DFz0PTFDlflWCoO2Et0yQF
T1hsxup/Nty1o98OiY79QHMilcd6p6yamqBYFfZZoilB17EWXIxTpud/
-----END PRIVATE KEY-----`,
}
