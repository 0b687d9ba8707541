"""Estimators of scikit-learn on a table, with their defaults but for what is said beside them.

https://scikit-learn.org/stable/modules/ensemble.html
https://scikit-learn.org/stable/auto_examples/compose/plot_column_transformer_mixed_types.html
"""

import contract  # isort: split

import engine
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def random_forest(job, categorical):
    """Its trees know no categories: codes are split as numbers are, which needs no encoding."""
    return RandomForestClassifier(n_jobs=job.threads, random_state=job.seed)


def hist_gradient_boosting(job, categorical):
    """By default, of more than 10,000 rows a tenth would be kept from training, to stop early."""
    return HistGradientBoostingClassifier(
        categorical_features=categorical, early_stopping=False, random_state=job.seed
    )


def logistic_regression(job, categorical):
    """A column for each category, numbers standardised."""
    encoder = (OneHotEncoder(handle_unknown="ignore"), categorical)
    columns = make_column_transformer(encoder, remainder=StandardScaler())
    return make_pipeline(columns, LogisticRegression(random_state=job.seed))


ESTIMATORS = {
    "random_forest": random_forest,
    "hist_gradient_boosting": hist_gradient_boosting,
    "logistic_regression": logistic_regression,
}
OPTIONS = contract.read_options(
    contract.read_job()["options"], {"estimator": list(ESTIMATORS)}, "trees/tabular_scikit_learn.py"
)


def trained_on(model):
    """Return what the estimator itself knows of its training: rows, trees."""
    if isinstance(model, RandomForestClassifier):
        roots = [tree.tree_.weighted_n_node_samples[0] for tree in model.estimators_]
        return {"rows": int(min(roots)), "trees": len(roots)}
    if isinstance(model, HistGradientBoostingClassifier):
        # It has no public count of rows, but the root of its first tree has one.
        rows = int(model._predictors[0][0].nodes["count"][0])
        return {"rows": rows, "trees": model.n_iter_ * model.n_trees_per_iteration_}
    scaler = model[0].named_transformers_["remainder"]
    return {"rows": int(scaler.n_samples_seen_), "iterations": int(model[-1].n_iter_[0])}


def describe(job, model, categorical):
    """Tell what was trained on and how, as scikit-learn itself reports it."""
    last = model[-1] if hasattr(model, "steps") else model
    untold = ("categorical_features", "n_jobs", "random_state", "verbose", "warm_start")
    job.describe(
        threads=job.threads,
        columns=model.n_features_in_,
        categorical=0 if OPTIONS["estimator"] == "random_forest" else len(categorical),
        settings={key: value for key, value in last.get_params().items() if key not in untold},
        # "Pass an int for reproducible output across multiple function calls", of random_state.
        deterministic=True,
        draws=OPTIONS["estimator"] == "random_forest",
        **trained_on(model),
    )


def main(job):
    rows, targets = job.training_set()
    categorical = list(range(len(job.columns["categorical"])))
    model = ESTIMATORS[OPTIONS["estimator"]](job, categorical)

    with job.run():
        model.fit(engine.to_table(rows, job.columns), targets)

    with job.evaluation():
        probabilities = model.predict_proba(engine.to_table(job.test_inputs(), job.columns))[:, 1]
    job.predictions(probabilities)
    describe(job, model, categorical)


if __name__ == "__main__":
    contract.run(main, sklearn=sklearn.__version__)
