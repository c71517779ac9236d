# Exact rate ratios, quasi-Poisson ratios, t tests, exact McNemar and Ljung-Box by stats,
# for test_counts.py, test_comparisons.py and test_residuals.py in tests/estimation.
# Run in this folder: Rscript estimation_comparisons.R
rows <- list()
keep <- function(case, ...) {
  more <- c(...)
  rows[[length(rows) + 1]] <<- data.frame(case = case, quantity = names(more), value = more)
}

for (pair in list(c(37, 20, 1, 1), c(33, 26, 1, 1), c(5, 0, 1, 1), c(0, 4, 1, 1), c(120, 95, 365, 200), c(2, 11, 3.5, 1))) {
  counts <- pair[2:1] # after, before
  exposure <- pair[4:3]
  test <- poisson.test(counts, exposure)
  tails <- c(poisson.test(counts, exposure, alternative = "less")$p.value,
    poisson.test(counts, exposure, alternative = "greater")$p.value)
  keep(paste("rate_ratio", paste(pair, collapse = " ")), value = unname(test$estimate),
    low = test$conf.int[1], high = test$conf.int[2], p_value = min(1, 2 * min(tails)))
}

before <- c(12, 15, 9, 22, 18, 11)
after <- c(8, 13, 6, 5)
days <- c(31, 28, 31, 30, 31, 30, 31, 31, 30, 31)
quasi <- glm(c(before, after) ~ rep(0:1, c(6, 4)) + offset(log(days)), quasipoisson,
  control = glm.control(epsilon = 1e-14))
keep("dispersion_rate_ratio", value = exp(unname(coef(quasi)[2])), se = sqrt(vcov(quasi)[2, 2]),
  dispersion = summary(quasi)$dispersion, p_value = summary(quasi)$coefficients[2, 4],
  low = exp(unname(coef(quasi)[2]) - qt(0.975, 8) * sqrt(vcov(quasi)[2, 2])),
  high = exp(unname(coef(quasi)[2]) + qt(0.975, 8) * sqrt(vcov(quasi)[2, 2])))

first <- sleep$extra[sleep$group == 1]
second <- sleep$extra[sleep$group == 2]
for (paired in c(FALSE, TRUE)) {
  test <- t.test(first, second, paired = paired)
  keep(if (paired) "paired sleep" else "welch sleep", value = if (paired) unname(test$estimate) else mean(first) - mean(second),
    se = unname(test$stderr), df = unname(test$parameter), low = test$conf.int[1], high = test$conf.int[2], p_value = test$p.value)
}

keep("mcnemar 5 15", p_value = binom.test(5, 20)$p.value)
keep("mcnemar 0 7", p_value = binom.test(0, 7)$p.value)

series <- as.numeric(lh)
box <- Box.test(series, lag = 4, type = "Ljung-Box")
keep("ljung_box lh", statistic = unname(box$statistic), p_value = box$p.value)
innovations <- Box.test(series, lag = 4, type = "Ljung-Box", fitdf = 1)
keep("ljung_box lh fitted", p_value = innovations$p.value)
keep("autocorrelation lh", value = acf(series, plot = FALSE)$acf[2])

out <- do.call(rbind, rows)
out$value <- sprintf("%.12g", out$value)
write.csv(out, "estimation_comparisons.csv", row.names = FALSE, quote = FALSE)
